#include "libagent/ports/span_source.hpp"

#include "libagent/base/random.hpp"

namespace libagent {

std::optional<span_place> span_source::place_below(std::string_view traceparent) {
  if (sink_ == nullptr)
    return std::nullopt;
  const auto parent = parse_traceparent(traceparent);
  if (!parent) {
    return span_place{
        .context = {.trace_high = next_id(), .trace_low = next_id(), .span_id = next_id()}};
  }
  if (!parent->sampled)
    return std::nullopt;
  span_place place{.context = *parent, .parent_span_id = parent->span_id};
  place.context.span_id = next_id();
  return place;
}

void span_source::emit(span ended) const noexcept {
  if (sink_ != nullptr)
    sink_->emit(std::move(ended));
}

std::uint64_t span_source::next_id() {
  // Two rounds: seeds that lie close together must not share ids.
  const seeded_random::result_type place = seeded_random{ids_.fetch_add(1)}();
  return seeded_random{seed_ ^ place}() | 1U;  // never 0
}

}  // namespace libagent
