#pragma once

#include "libagent/telemetry/event.hpp"

#include <array>

/// What the model gateway reports. Never what was said or written, nor keys.
namespace libagent::events {

inline constexpr event_kind model_breaker_opened{
    "model.breaker_opened", event_level::warning,
    "A provider failed too often; calls are refused for a while. Fields: provider."};

inline constexpr event_kind model_breaker_closed{
    "model.breaker_closed", event_level::info,
    "A provider that had failed answers again. Fields: provider."};

inline constexpr event_kind model_call_retried{
    "model.retry", event_level::debug,
    "A call failed before anything was passed on and will be sent again. Fields: provider, model, "
    "attempt, reason."};

inline constexpr event_kind model_budget_exceeded{
    "model.budget_exceeded", event_level::warning,
    "A call was refused for its budget. At most one a minute is reported. Fields: provider, model, "
    "client, agent, refused."};

inline constexpr event_kind model_provider_unreachable{
    "model.provider_unreachable", event_level::warning,
    "A provider could not be asked about itself; it is asked again every minute. Reported once "
    "until it answers. Fields: provider, reason."};

inline constexpr event_kind model_provider_known{
    "model.provider_known", event_level::info,
    "A provider told about itself. Fields: provider, slots, context_tokens."};

inline constexpr std::array model_events{model_breaker_opened,       model_breaker_closed,
                                         model_call_retried,         model_budget_exceeded,
                                         model_provider_unreachable, model_provider_known};

}  // namespace libagent::events
