# The bot with real edges, as an unprivileged user. Its state is the volume /data.
#   docker build -t sei-trader . && docker run --env-file .env -p 8080:8080 -v sei-trader:/data sei-trader

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /venv
WORKDIR /app
COPY requirements.lock requirements-build.lock ./
RUN /venv/bin/pip install --no-deps --require-hashes -r requirements.lock -r requirements-build.lock
COPY . .
RUN /venv/bin/pip install --no-deps --no-build-isolation --editable . \
 && /venv/bin/pip uninstall --yes setuptools pip \
 && find /venv -type d -name tests -path '*/site-packages/*' -prune -exec rm -rf {} + \
 && python3 -m compileall -q /app/bot /app/db

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/var/cache/matplotlib ENVIRONMENT=production DATA_DIR=/data PORT=8080
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# Charts need a list of the fonts, which takes a second to make: not at every start.
RUN useradd --system --uid 10001 --home-dir /data trader \
 && python -c "import matplotlib.font_manager" \
 && chown -R trader /var/cache/matplotlib \
 && install -d -o trader -m 0700 /data
USER trader
VOLUME /data
EXPOSE 8080
HEALTHCHECK --start-period=60s --interval=30s --timeout=10s \
  CMD python -c "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=8)"
STOPSIGNAL SIGTERM
CMD ["sei-trader", "run"]
