# syntax=docker/dockerfile:1
# The bases are named by digest, so that an image can be made again; the tag says what was meant, and Docker goes by the digest.
# A newer one, to be written here or given for one build:
#   docker buildx imagetools inspect eclipse-temurin:25-jdk-noble --format '{{.Manifest.Digest}}'
#   docker build --build-arg JDK=eclipse-temurin:25-jdk-noble@sha256:… .
ARG JDK=eclipse-temurin:25.0.4.1_1-jdk-noble@sha256:f6366ccac38ceae180280ad7012d18a15e8031548a430dc2bae06631d9e88ed0
ARG BASE=gcr.io/distroless/base-nossl-debian12:nonroot@sha256:be40c00dfabd86576d92666e87e406714d5618342de1a0c213ad232de255172e

FROM ${JDK} AS jar
WORKDIR /freshet
COPY . .
# Maven needs only a JDK; the image's own is found as the toolchain.
RUN --mount=type=cache,target=/root/.m2 ./mvnw -q -B package -Dmaven.test.skip -Dspotless.check.skip

FROM ${JDK} AS opt
RUN apt-get update && apt-get install -y --no-install-recommends curl redis-server && rm -rf /var/lib/apt/lists/*
COPY conf/image /assembly/conf
COPY --from=jar /freshet/target/freshet.jar /freshet/target/bom.json /assembly/
RUN /assembly/conf/assemble /assembly/freshet.jar
COPY LICENSE /opt/freshet/

# glibc, time zones and nothing else: no shell.
FROM ${BASE}
COPY --from=opt /opt/freshet /opt/freshet
WORKDIR /opt/freshet
USER 65532:65532
# In a container the loopback interface reaches nobody. Give FRESHET_ACCESS_TOKENS_FILE, or FRESHET_TLS_CLIENT_CA; or
# FRESHET_ACCESS_OPEN=true where only the fleet reaches it: it does not start without one of them.
# Two arenas keep malloc from setting memory aside for each thread.
ENV PATH=/opt/freshet/java/bin FRESHET_LISTEN=0.0.0.0:8484 FRESHET_ADMIN_LISTEN=0.0.0.0:8485 MALLOC_ARENA_MAX=2
EXPOSE 8484 8485
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["java", "-Xmx32m", "-XX:TieredStopAtLevel=1", "-XX:AOTCache=/opt/freshet/freshet.aot", "-jar", "/opt/freshet/freshet.jar", "healthcheck"]
ENTRYPOINT ["java", "@/opt/freshet/jvm.options", "-XX:AOTCache=/opt/freshet/freshet.aot", "-jar", "/opt/freshet/freshet.jar"]
