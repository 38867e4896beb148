"""A simulated parcel carrier: labels, tracking, webhooks of what happens on the way, and proofs of delivery."""
