#include "apps/agent/chat_sessions.hpp"

#include "libagent/api/iso_time.hpp"
#include "libagent/api/turn_submission.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <system_error>

namespace libagent::app {

namespace {

constexpr std::size_t user_bytes_max = 24;
constexpr std::size_t place_bytes_max = 120;

/// `text` with a dash for whatever a session's name cannot have.
std::string as_name(std::string_view text, std::size_t bytes_max) {
  std::string name{text.substr(0, bytes_max)};
  std::ranges::replace_if(
      name,
      [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '.';
      },
      '-');
  return name;
}

}  // namespace

std::string new_session_id(std::string_view user, unix_millis now) {
  auto when = iso_time(now);
  std::erase_if(when, [](char c) { return c == ':' || c == '-'; });
  return "chat-" + as_name(user.empty() ? "me" : user, user_bytes_max) + "-" + when;
}

chat_bookmark::chat_bookmark(const std::filesystem::path& data_dir, std::string_view agent,
                             std::string_view where)
    : file_{data_dir / "chat" /
            (as_name(where.empty() ? "here" : where, place_bytes_max) + "_" +
             as_name(agent, place_bytes_max) + ".session")} {}

std::string chat_bookmark::read() const {
  std::ifstream in{file_, std::ios::binary};
  std::string session;
  std::getline(in, session);
  return check_session_id(session) ? session : std::string{};
}

void chat_bookmark::write(const std::string& session) const {
  std::error_code failed;
  std::filesystem::create_directories(file_.parent_path(), failed);
  std::ofstream{file_, std::ios::binary} << session << '\n';
}

}  // namespace libagent::app
