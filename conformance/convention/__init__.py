"""What an adapter declares, looked over and applied without an import."""
