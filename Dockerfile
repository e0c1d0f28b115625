# syntax=docker/dockerfile:1
FROM eclipse-temurin:25-jdk-noble AS build
WORKDIR /freshet
COPY . .
# Maven needs only a JDK; the image's own is found as the toolchain.
RUN --mount=type=cache,target=/root/.m2 ./mvnw -q -B package -Dmaven.test.skip -Dspotless.check.skip
# What Freshet and its libraries use, as jdeps tells, and what is found by name: TLS curves, DNS, the zone names of logs.
RUN jlink --output /java --strip-debug --no-header-files --no-man-pages --compress zip-6 --add-modules \
    java.base,java.compiler,java.logging,java.management,java.naming,java.net.http,java.sql,java.xml,jdk.crypto.ec,jdk.jfr,jdk.management,jdk.naming.dns,jdk.unsupported,jdk.zipfs

FROM ubuntu:noble
COPY --from=build /java /opt/java
COPY --from=build /freshet/target/freshet.jar /freshet/LICENSE /opt/freshet/
WORKDIR /opt/freshet
USER 65532:65532
# In a container the loopback interface reaches nobody. Give FRESHET_ACCESS_TOKENS_FILE, or FRESHET_TLS_CLIENT_CA; or
# FRESHET_ACCESS_OPEN=true where only the fleet reaches it: it does not start without one of them.
ENV FRESHET_LISTEN=0.0.0.0:8484 FRESHET_ADMIN_LISTEN=0.0.0.0:8485
EXPOSE 8484 8485
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/java/bin/java", "-XX:MaxRAMPercentage=70", "-XX:+ExitOnOutOfMemoryError", "-jar", "/opt/freshet/freshet.jar"]
