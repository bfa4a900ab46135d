#pragma once

#include "actors/model_flight.hpp"
#include "libagent/base/error.hpp"
#include "libagent/ports/model_order.hpp"
#include "libagent/telemetry/span.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace libagent::actors {

/// `error.type` of OpenTelemetry: `timeout`, or the name of the code.
[[nodiscard]] std::string error_type_of(errc code);

/// The provider's side of a span.
struct model_server {
  std::string name;
  std::string address;    ///< Empty: it is embedded.
  std::int64_t port = 0;  ///< 0: that of the scheme.
};

/// Host and port of an address that was checked.
[[nodiscard]] model_server server_of(const provider_settings& settings);

/// The span of an order, with OpenTelemetry's attributes for generative AI (semantic conventions
/// 1.41). Of what was said it has at most `contents_max` bytes in each attribute; 0: nothing.
[[nodiscard]] span span_of(const model_flight& flight, const model_end& end,
                           const model_server& server, std::size_t contents_max);

}  // namespace libagent::actors
