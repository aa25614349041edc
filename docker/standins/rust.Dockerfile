# Stands in for the official Rust image where no image can be pulled: Debian, a linker, and the toolchain of this host.
# The build context is the toolchain's own folder (`rustc --print sysroot`).
ARG DEBIAN_IMAGE=debian:bookworm-slim
FROM ${DEBIAN_IMAGE}
RUN apt-get -q update \
    && apt-get -q install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . /usr/local/rust
ENV CARGO_HOME=/usr/local/cargo PATH=/usr/local/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin
