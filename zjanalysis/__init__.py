"""Service-efficiency indicators, comparison and district reports."""
