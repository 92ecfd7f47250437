"""What the web server of the calibrators loads."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "daftar.bench.settings"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
