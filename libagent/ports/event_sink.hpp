#pragma once

#include "libagent/telemetry/event.hpp"

#include <initializer_list>
#include <memory>
#include <span>

namespace libagent {

/// Takes what the system has to report: a log, a recorder in a test, or nothing.
///
/// Thread safety: `emit` may be called from any thread, also concurrently. Blocking: not allowed;
/// an implementation that writes to a slow place queues and drops. Errors: none; whatever goes
/// wrong inside is the sink's own business.
class event_sink {
public:
  event_sink() = default;
  event_sink(const event_sink&) = delete;
  event_sink& operator=(const event_sink&) = delete;
  virtual ~event_sink() = default;

  /// Reports one event. `fields` and the text in them are only borrowed for the call.
  virtual void emit(const event_kind& kind, std::span<const event_field> fields) noexcept = 0;

  void emit(const event_kind& kind, std::initializer_list<event_field> fields) noexcept {
    emit(kind, std::span<const event_field>{fields.begin(), fields.size()});
  }
};

using event_sink_ptr = std::shared_ptr<event_sink>;

/// Hears everything and says nothing.
class null_event_sink final : public event_sink {
public:
  using event_sink::emit;

  void emit(const event_kind&, std::span<const event_field>) noexcept override {}
};

}  // namespace libagent
