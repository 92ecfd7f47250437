"""What `daftar bench` measures, and the centres it measures on. Nothing else imports it."""
