#include "libagent/tasks/stall_book.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

stall_book::stall_book(stall_limits limits) : limits_{limits} {
  LIBAGENT_EXPECTS(limits.counted <= limits.reported);
}

stall_verdict stall_book::note(std::string_view tool, duration held) {
  if (held < limits_.counted)
    return stall_verdict::none;
  auto* known = page_of(tool);
  if (known != nullptr) {
    ++known->count;
    known->total += held;
    known->longest = std::max(known->longest, held);
    known->noted_at = ++notes_;
  }
  if (held < limits_.reported)
    return stall_verdict::counted;
  return known != nullptr && offends(*known) ? stall_verdict::moved : stall_verdict::reported;
}

bool stall_book::offends(page& offender) const {
  ++offender.offences;
  if (offender.moved || limits_.offences_max == 0 || offender.offences < limits_.offences_max)
    return false;
  offender.moved = true;
  return true;
}

stall_book::page* stall_book::page_of(std::string_view tool) {
  if (const auto found = pages_.find(tool); found != pages_.end())
    return &found->second;
  if (pages_.size() >= tools_max && !make_room())
    return nullptr;
  return &pages_[std::string{tool}];
}

bool stall_book::make_room() {
  // Moved ones order behind all others.
  const auto least = std::ranges::min_element(pages_, {}, [](const auto& known) {
    return std::pair{known.second.moved, known.second.noted_at};
  });
  if (least->second.moved)
    return false;
  pages_.erase(least);
  return true;
}

bool stall_book::is_moved(std::string_view tool) const {
  const auto found = pages_.find(tool);
  return found != pages_.end() && found->second.moved;
}

std::vector<stall_record> stall_book::list() const {
  std::vector<stall_record> all;
  all.reserve(pages_.size());
  for (const auto& [tool, known] : pages_) {
    all.push_back({.tool = tool,
                   .count = known.count,
                   .total = known.total,
                   .longest = known.longest,
                   .offences = known.offences,
                   .moved = known.moved});
  }
  std::ranges::sort(all, {}, &stall_record::tool);
  return all;
}

}  // namespace libagent
