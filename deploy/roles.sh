#!/bin/sh
# Run once by the database's container, as its superuser: an owner that is none, and a plain role for web and worker.
set -eu
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=owner="$OWNER_PASSWORD" --set=app="$APP_PASSWORD" \
    --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
CREATE ROLE daftar LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE CREATEDB PASSWORD :'owner';
CREATE ROLE daftar_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB PASSWORD :'app';
CREATE DATABASE daftar OWNER daftar;
REVOKE CONNECT ON DATABASE daftar FROM PUBLIC;
GRANT daftar_app TO daftar;
GRANT CONNECT ON DATABASE daftar TO daftar_app;
SQL
