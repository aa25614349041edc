# Stands in for the official Caddy image where no image can be pulled: Debian's package at the same path.
ARG DEBIAN_IMAGE=debian:bookworm-slim
FROM ${DEBIAN_IMAGE}
RUN apt-get -q update \
    && apt-get -q install --yes --no-install-recommends caddy \
    && rm -rf /var/lib/apt/lists/*
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
