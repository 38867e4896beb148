"""Files that belong to no database row alone: in a folder, or in S3. What is in them is sealed before it comes here."""
