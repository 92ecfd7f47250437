"""What the web server runs; it refuses to serve through a role that the second wall does not hold."""

from django.core.wsgi import get_wsgi_application

from daftar.config.logs import catch_the_uncaught
from daftar.config.walls import refuse_unsafe_role

catch_the_uncaught()
application = get_wsgi_application()
refuse_unsafe_role()
