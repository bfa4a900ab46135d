#pragma once

#include "libagent/base/time.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace libagent::app {

/// A name for a session that nobody had before: who, and when in UTC.
[[nodiscard]] std::string new_session_id(std::string_view user, unix_millis now);

/// Remembers, over runs, which session somebody's chat with an agent goes on with.
class chat_bookmark {
public:
  /// `where` tells servers apart; empty: this machine.
  chat_bookmark(const std::filesystem::path& data_dir, std::string_view agent,
                std::string_view where);

  /// Empty: there is none, or it makes no sense.
  [[nodiscard]] std::string read() const;
  /// When it cannot be written, the next run begins a new session; that is all.
  void write(const std::string& session) const;

private:
  std::filesystem::path file_;
};

}  // namespace libagent::app
