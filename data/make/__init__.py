"""The made data of the project: a seeded generator of item workbooks that look like the real ones. See SOURCE.md."""
