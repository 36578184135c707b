"""What the pages do in a browser: `make browser`, which needs Chromium and its driver."""
