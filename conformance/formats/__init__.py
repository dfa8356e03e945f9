"""Files of arrays by name, in the forms in which people have them: read as data, written whole."""
