"""One framework's weights made another's."""
