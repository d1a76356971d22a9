"""HTTP for providers: endpoints, clients, server-sent events, errors."""
