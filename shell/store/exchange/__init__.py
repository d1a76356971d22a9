"""Files that people import and export."""
