"""The suite put to wrong layers: which claim on which case tells each fault of a right one."""
