#include "apps/agent/telemetry_wiring.hpp"

#include "apps/agent/web_wiring.hpp"
#include "libagent/adapters/curl_parts.hpp"
#include "libagent/adapters/secrets.hpp"
#include "libagent/api/otlp_delivery.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unistd.h>
#include <utility>

namespace libagent::app {

namespace {

constexpr const char* endpoint_variable = "OTEL_EXPORTER_OTLP_ENDPOINT";

expected<void> add_headers(http_headers& to, const std::string& text, const std::string& where) {
  auto read = read_otlp_headers(text);
  if (!read)
    return error{read.error().code, where + ": " + read.error().context};
  for (const auto& each : *read)
    to.set(each.name, each.value);
  return {};
}

/// Those of the variable, and those of the file.
expected<http_headers> export_headers(const telemetry_config& config) {
  http_headers headers{{"User-Agent", "libagent"}};
  if (!config.otlp_headers_env.empty()) {
    const auto text = read_secret_variable(config.otlp_headers_env);
    if (!text && config.otlp_headers_env != telemetry_config{}.otlp_headers_env) {
      return error{errc::invalid_argument, "telemetry.otlp-headers-env: the variable " +
                                               config.otlp_headers_env + " is not set"};
    }
    if (auto added = add_headers(headers, text.value_or(""), config.otlp_headers_env); !added)
      return added.error();
  }
  if (!config.otlp_headers_file.empty()) {
    const auto text = read_secret_file(config.otlp_headers_file);
    if (!text)
      return text.error();
    if (auto added = add_headers(headers, *text, config.otlp_headers_file); !added)
      return added.error();
  }
  return headers;
}

otlp_resource resource_of(const agent_config& config) {
  const auto pid = static_cast<std::int64_t>(::getpid());
  return {{"service.name", config.telemetry.service_name},
          {"service.version", std::string{LIBAGENT_VERSION}},
          {"service.instance.id", config.node.name + "-" + std::to_string(pid)},
          {"process.pid", pid},
          {"telemetry.sdk.name", std::string{"libagent"}},
          {"telemetry.sdk.language", std::string{"cpp"}}};
}

}  // namespace

expected<void> wire_telemetry(const agent_config& config, web_client_ptr client,
                              actors::node_parts& parts) {
  const auto& wanted = config.telemetry;
  const auto endpoint = wanted.otlp_endpoint.empty()
                            ? read_secret_variable(endpoint_variable).value_or("")
                            : wanted.otlp_endpoint;
  if (endpoint.empty())
    return {};
  if (auto place = curl_place_of(endpoint); !place)
    return error{place.error().code, "take the endpoint for spans: " + place.error().context};
  auto headers = export_headers(wanted);
  if (!headers)
    return headers.error();
  if (!client) {
    auto made = make_web_client(config, {});
    if (!made)
      return made.error();
    client = *std::move(made);
  }
  const auto ring = std::make_shared<span_ring>(wanted.spans_max, wanted.contents_max.bytes);
  parts.spans = ring;
  parts.span_export = actors::span_exporter_options{.ring = ring,
                                                    .client = std::move(client),
                                                    .url = otlp_traces_url(endpoint),
                                                    .headers = *std::move(headers),
                                                    .resource = resource_of(config),
                                                    .version = LIBAGENT_VERSION,
                                                    .interval = wanted.export_interval,
                                                    .timeout = wanted.export_timeout,
                                                    .batch_max = wanted.batch_max,
                                                    .unix_time = {}};
  return {};
}

}  // namespace libagent::app
