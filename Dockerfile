# Daftar without its database: web server, worker and commands. Used by compose.yaml.
FROM python:3.11.13-slim-bookworm AS build
WORKDIR /app
COPY . .
# Installs what the locks pin, fetches the browser files and compiles the texts, as everywhere else.
RUN DAFTAR_DATA=/tmp/data python3 manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf node_modules .venv/home

FROM python:3.11.13-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin daftar \
    && install -d -o daftar -g daftar -m 0700 /data /backups
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONPATH=/app PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=daftar.config.settings \
    DAFTAR_DATA=/data DAFTAR_BACKUPS=/backups
USER daftar
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/ready', timeout=5)"]
CMD ["python", "-m", "granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
    "--blocking-threads", "4", "--log-level", "warning", "--log-config", "/app/daftar/config/server_log.json", \
    "daftar.config.wsgi:application"]
