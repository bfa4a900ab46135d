#pragma once

#include "libagent/telemetry/event.hpp"

#include <array>

/// What the exporter of spans reports.
namespace libagent::events {

inline constexpr event_kind span_export_failed{
    "spans.export_failed", event_level::warning,
    "The collector did not take spans; those that cannot wait are dropped. Reported once until it "
    "does. Fields: reason."};

inline constexpr event_kind span_export_resumed{
    "spans.export_resumed", event_level::info,
    "The collector takes spans again. Fields: dropped (since it failed)."};

inline constexpr std::array span_events{span_export_failed, span_export_resumed};

}  // namespace libagent::events
