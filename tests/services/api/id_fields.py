"""Which fields of bodies and queries hold no id of ours, and where those are tried that `attempts` has not (S-02)."""

from __future__ import annotations

from typing import Final

# fmt: off
NO_IDS: Final = frozenset({
    "accent", "font", "logo", "picture", "support_email",
    "action", "algorithm", "answer", "at_once", "attributes", "behind", "business_key", "calls", "category", "cause",
    "client_id", "client_secret", "connector", "count", "csv", "currency", "excludedAttributes", "startIndex",
    "subject_claim", "channel", "choice", "company", "for", "when",
    "customer_class", "customer_classes", "cut_off_key", "data",
    "days", "deadline_after", "deadline_before", "due_before",
    "decision", "document", "document_class", "email", "enforced",
    "enters_after_minutes",
    "encoding", "environment", "error", "expires_in", "filter", "format", "from", "from_revision", "from_runs",
    "header", "id", "input", "issuer", "keep", "key", "kind", "language", "least_value", "level", "limit", "limits",
    "mail", "map",
    "media_types", "mode", "most_value", "name", "names",
    "networks", "only", "open", "open_runs", "operations", "output", "overlap_seconds", "owners_required", "parameters",
    "payload_bytes_per_day", "permissions", "playbook", "pointer", "policy", "prefix", "preview", "priority",
    "publisher", "rate", "secret", "signature_field", "signed", "style", "timestamp_field", "timestamp_header",
    "trigger", "types", "verification",
    "reason", "retired", "runs_per_minute", "same_system", "schema", "scope", "seconds", "secrets", "seen",
    "settings", "ship_date_key", "since", "slug", "sort", "source", "state", "status", "target", "template", "time",
    "time_zone", "to", "to_revision", "type", "until", "use", "value", "values", "version", "wait", "way", "why",
    "keys", "preferred", "system",
    "also", "always", "at", "base", "base_unit",
    "base_units", "events", "examples", "identity", "leads", "mapping", "overlay",
    "program", "record", "states", "statuses", "tell", "tells", "units",
    "entity_kind", "entity_key", "outcome", "queue", "saw", "skills", "view",
    "words", "description", "network", "url", "which",
    "domains", "rules", "task", "note", "undeclared", "leaves_open",
    "week", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "opens", "closes", "shifts",
    "holidays", "day", "public_holidays", "country", "subdivision", "special_days", "cut_offs", "default", "durations",
    "due_after",
    "rows", "amount", "above", "below", "margin_percent", "one_of", "none_of", "approvals", "duties", "holds_from",
    "facts",
    "recipient", "wants", "address",
    "case", "required",
    "customer", "due", "line", "step", "minutes", "on", "order", "run_may_clear", "title",
    "deadline", "warn", "do", "calendar",
    "by", "order_type", "segment", "stage", "warehouse", "retire_on",
    "field", "text",
})
# fmt: on
"""Fields and parameters that hold no id of ours. `id` is the sender's own, of a signal; `client_id` a provider's."""
ELSEWHERE: Final = {
    "about": "of an audit, where it is tried at the list, and in exports: test_S_84_an_export_holds_nothing_of_others",
    "actor": "the same",
    "token": "a signed preview: test_S_02_a_preview_of_anothers_is_none",
    "after": "the same",
    "cursor": "signed, and bound to its caller: test_S_96 in test_lists",
    "partner": "of a partner's or the operator's routes: test_S_02_an_organization_of_anothers_is_unknown",
    "client": "the same, and a client's own key tries it at people and invitations",
    "domain": "a name that anybody may claim: test_S_99_another_partners_claim_is_neither_seen_nor_in_the_way",
    "consumers": "what traffic is to be compared with, of this environment and in words: test_interfaces",
}
PLAIN: Final = {
    ("POST", "/v1/audit/forget", "/subject"): "test_S_85_nobody_is_forgotten_in_anothers_log",
    (
        "POST",
        "/v1/organization/audit/forget",
        "/subject",
    ): "test_S_85_S_86_logs_above_clients_are_kept_held_and_forgotten_in",
    ("POST", "/v1/connections", "/owner"): "anybody's name, in words",
    ("POST", "/v1/absences", "/substitute"): "a person's own: test_S_02_nobody_acts_for_another_client in test_tasks",
    ("POST", "/v1/tasks/complete", "/tasks"): "the same",
    **{
        (method, path, f"/rules/when/{one}"): "what a call says, in the words of its workflow"
        for method, path in (("POST", "/v1/connection-groups"), ("PATCH", "/v1/connection-groups/{connection_group}"))
        for one in ("site", "owner")
    },
    ("PATCH", "/v1/connections/{connection}", "/owner"): "the same",
    **{
        ("PUT", path, f"/{document}/connections"): "names of connections, each with a system's, which nobody looks up"
        for path, documents in (
            ("/v1/mappings/{mapping}", ("mapping", "overlay")),
            ("/v1/partners/{partner}/mappings/{mapping}", ("mapping", "overlay")),
        )
        for document in documents
    },
    ("POST", "/v1/promotions", "/from/deployment"): "a name, in an environment that no client's own key reaches",
    ("POST", "/v1/promotions", "/bindings"): "tried by a partner's key: tests/services/portal/test_promotions.py",
    **{
        (
            method,
            f"/v1/calendars/{{calendar}}{path}",
            field,
        ): "a slug: test_S_02_a_site_of_anothers_is_unknown_to_a_calendar"
        for method, path, field in (("PUT", "", "/sites"), ("PUT", "", "/cut_offs/site"), ("POST", "/preview", "/site"))
    },
    ("POST", "/v1/inbound-webhooks", "/event"): "what is made of a webhook",
    ("POST", "/v1/inbound-webhooks", "/event/subject"): "where that stands in a webhook",
    ("PATCH", "/v1/inbound-webhooks/{hook}", "/event"): "as where it is made",
    ("PATCH", "/v1/inbound-webhooks/{hook}", "/event/subject"): "as where it is made",
    ("PUT", "/v1/authority", "/rows/site"): "slugs of one's own sites",
    ("POST", "/v1/authority/check", "/facts/site"): "a slug that rows name",
    **{
        ("POST", "/v1/authority/check", f"/facts/{one}"): "whom the answer leaves out, of those whom the caller may see"
        for one in ("requester", "last_editor", "earlier")
    },
    ("POST", "/v1/holds", "/site"): "a slug, by which an order goes out",
    ("POST", "/v1/holds", "/role"): "a slug, as a queue is called",
    **{
        ("POST", "/v1/holds", f"/facts/{one}"): "whom the authority keeps out; nobody of another client decides anyhow"
        for one in ("requester", "last_editor")
    },
    **{
        (method, path, f"{at}{one}"): "a slug, by which time counts, or whom a step tells"
        for method, path, at in (("POST", "/v1/holds", "/deadline"), ("PUT", "/v1/hold-types", "/types/deadline"))
        for one in ("/site", "/steps", "/steps/role", "/role")
    },
    ("POST", "/v1/holds/act", "/filter/site"): "the same",
    ("POST", "/v1/holds/act", "/filter/role"): "the same",
    ("PUT", "/v1/hold-types", "/types/role"): "the same",
}
"""Fields that hold no id where they stand, though others of their name do."""
