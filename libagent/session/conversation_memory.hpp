#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace libagent {

/// The latest question of each conversation; the conversation unused for longest is forgotten
/// first. Thread safety: none; one agent owns one.
class conversation_memory {
public:
  /// @pre `conversations_max` is positive.
  explicit conversation_memory(std::size_t conversations_max);

  /// The question asked before in `session`; empty when there is none.
  [[nodiscard]] std::string_view previous(const std::string& session) const;

  /// Notes `question` as the latest of `session`.
  void remember(const std::string& session, std::string question);

  [[nodiscard]] std::size_t size() const { return by_session_.size(); }

private:
  using turns = std::list<std::pair<std::string, std::string>>;  // Session and question.

  std::size_t conversations_max_;
  turns recent_first_;
  std::unordered_map<std::string, turns::iterator> by_session_;
};

}  // namespace libagent
