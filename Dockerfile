# One small image for all processes: `docker run IMAGE web`, `… worker`, and
# `docker run --restart always --entrypoint albumen-ml IMAGE serve`. They share
# /data, where the ml process also keeps its model (CLIP_MODEL_DIR) and answers
# on its health (--health).
FROM golang:1.26-trixie AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev libvips-dev libwebp-dev pkg-config
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
RUN go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/ ./cmd/...

FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates tzdata libvips42t64 libwebp7 \
    libheif-plugin-libde265 libheif-plugin-aomdec libheif-plugin-aomenc ffmpeg libimage-exiftool-perl util-linux \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 albumen \
 && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home albumen \
 && install -d -o albumen -g albumen -m 700 /data
COPY --from=build /out/ /usr/local/bin/
ENV DATA_DIR=/data
VOLUME /data
WORKDIR /data
# By number, so that "must not be root" can be checked.
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["albumen"]
CMD ["web"]
