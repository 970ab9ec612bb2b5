# Command line and service in one image. The first stage compiles the wheel and collects what it needs, the second
# installs from that alone: no compiler, no network.
#   docker build -t fastperturb .
#   docker run --rm -u "$(id -u):$(id -g)" -v "$PWD:/data" fastperturb keygen -o my.key
#   docker run --rm -u "$(id -u):$(id -g)" -v "$PWD:/data" fastperturb perturb photos -o protected --key-file my.key
#   docker run -p 8000:8000 -v "$PWD/secrets:/secrets:ro" fastperturb \
#     serve --host 0.0.0.0 --keys /secrets/keys --tokens /secrets/tokens
ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
COPY . /source
RUN python3 -m pip wheel --no-cache-dir --wheel-dir /wheels '/source[cli,server]'

FROM python:${PYTHON}-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
COPY --from=build /wheels /wheels
RUN python3 -m venv /opt/fastperturb \
  && /opt/fastperturb/bin/pip install --no-cache-dir --no-index --find-links /wheels 'fastperturb[cli,server]' \
  && useradd --create-home --uid 10001 fastperturb
ENV PATH=/opt/fastperturb/bin:$PATH PYTHONUNBUFFERED=1
USER fastperturb
WORKDIR /data
EXPOSE 8000
ENTRYPOINT ["fastperturb"]
CMD ["--help"]
