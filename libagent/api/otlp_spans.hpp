#pragma once

#include "libagent/telemetry/span.hpp"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace libagent {

/// What sends spans: attributes of the resource in OpenTelemetry's terms, such as `service.name`,
/// `service.version`, `service.instance.id`.
using otlp_resource = std::vector<std::pair<std::string, span_value>>;

/// The body of `POST {endpoint}/v1/traces` in OTLP/HTTP's JSON encoding (OpenTelemetry Protocol
/// 1.x): ids in hex, 64-bit integers as strings. `version` is of the instrumentation scope.
[[nodiscard]] std::string otlp_spans(const otlp_resource& resource, const std::string& version,
                                     std::span<const span> spans);

}  // namespace libagent
