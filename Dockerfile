# One small image for web, worker and ml: `docker run IMAGE web`, `… worker`.
FROM golang:1.26-trixie AS build
RUN apt-get update && apt-get install --yes --no-install-recommends libvips-dev libwebp-dev pkg-config
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
RUN go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/ ./cmd/...

FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates tzdata libvips42t64 libwebp7 \
    libheif-plugin-libde265 libheif-plugin-aomdec libheif-plugin-aomenc ffmpeg libimage-exiftool-perl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --home-dir /data --no-create-home albumen \
 && install -d -o albumen -g albumen -m 700 /data
COPY --from=build /out/ /usr/local/bin/
ENV DATA_DIR=/data
VOLUME /data
WORKDIR /data
USER albumen
EXPOSE 8080
ENTRYPOINT ["albumen"]
CMD ["web"]
