# syntax=docker/dockerfile:1
ARG SWIFT=6.3

FROM swift:${SWIFT}-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpq-dev libcurl4-openssl-dev libssl-dev libjq-dev libgmime-3.0-dev libxml2-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /parley
COPY Package.swift ./
RUN swift package resolve
COPY Sources Sources
COPY Tests Tests
RUN swift build --configuration release --product parley --static-swift-stdlib \
    && install -D "$(swift build --configuration release --static-swift-stdlib --show-bin-path)/parley" /out/parley

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl libpq5 libcurl4 libssl3 libjq1 libgmime-3.0-0 libxml2 libstdc++6 libgcc-s1 tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/parley --create-home parley
COPY --from=build /out/parley /usr/bin/parley
COPY channels /usr/share/parley/channels
COPY sql /usr/share/parley/sql
COPY web /usr/share/parley/web
ENV PARLEY_HOME=/usr/share/parley PARLEY_HTTP_LISTEN=0.0.0.0:8080 PARLEY_SMTP_LISTEN=0.0.0.0:2525
USER parley
WORKDIR /var/lib/parley
EXPOSE 8080 2525
ENTRYPOINT ["parley"]
CMD ["serve"]
