"""Mail in and out: reading, writing, fetching, sending."""
