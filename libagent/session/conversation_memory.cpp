#include "libagent/session/conversation_memory.hpp"

#include "libagent/base/contract.hpp"

namespace libagent {

conversation_memory::conversation_memory(std::size_t conversations_max)
    : conversations_max_{conversations_max} {
  LIBAGENT_EXPECTS(conversations_max > 0);
}

std::string_view conversation_memory::previous(const std::string& session) const {
  const auto found = by_session_.find(session);
  return found == by_session_.end() ? std::string_view{} : found->second->second;
}

void conversation_memory::remember(const std::string& session, std::string question) {
  if (const auto found = by_session_.find(session); found != by_session_.end()) {
    found->second->second = std::move(question);
    recent_first_.splice(recent_first_.begin(), recent_first_, found->second);
    return;
  }
  if (by_session_.size() == conversations_max_) {
    by_session_.erase(recent_first_.back().first);
    recent_first_.pop_back();
  }
  recent_first_.emplace_front(session, std::move(question));
  by_session_.emplace(session, recent_first_.begin());
}

}  // namespace libagent
