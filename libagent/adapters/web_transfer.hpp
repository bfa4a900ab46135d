#pragma once

#include "libagent/adapters/curl_inbox.hpp"
#include "libagent/adapters/curl_parts.hpp"
#include "libagent/adapters/curl_web_client.hpp"
#include "libagent/base/time.hpp"
#include "libagent/ports/web_client.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace libagent {

/// One call of a `curl_web_client`, from its set-up to its end.
///
/// Keeps the time itself: curl's own limits do not say what took too long, and curl's limit for a
/// slow stream would count the time in which the reader let it wait. Thread safety: none; lives on
/// the client's thread.
class web_transfer {
public:
  /// Told whenever `due` may have come closer.
  using due_callback = std::function<void(web_transfer&)>;

  web_transfer(std::uint64_t number, web_call call, due_callback on_due);
  web_transfer(const web_transfer&) = delete;
  web_transfer& operator=(const web_transfer&) = delete;
  ~web_transfer() = default;

  /// Sets `easy` up. Errors: errc::invalid_argument for a request that cannot be sent.
  [[nodiscard]] expected<void> prepare(curl_easy easy, const curl_web_client_options& options,
                                       const std::shared_ptr<curl_inbox>& inbox);

  /// Goes on with a paused call. False: it failed while doing so, and is over.
  [[nodiscard]] bool resume();

  /// When it is over if nothing happens until then; `max()` for never.
  [[nodiscard]] time_point due() const;

  [[nodiscard]] error timeout_error() const;
  [[nodiscard]] error cancelled_error() const;
  /// How the call ended, from what curl says and what was found here.
  [[nodiscard]] expected<void> outcome(CURLcode result) const;

  /// Reports the end. The last use; the handle is given back before.
  void end(expected<void> result);
  [[nodiscard]] curl_easy release_easy();

  [[nodiscard]] std::uint64_t number() const { return number_; }

  [[nodiscard]] CURL* easy() const { return easy_.get(); }

  /// For whoever keeps the transfers ordered by time: when this one is looked at next.
  std::optional<time_point> looked_at;

private:
  enum class phase : std::uint8_t { connecting, waiting, reading };

  static int on_connected(void* user, char*, char*, int, int);
  static std::size_t on_header_line(char* data, std::size_t, std::size_t size, void* user);
  static std::size_t on_piece(char* data, std::size_t, std::size_t size, void* user);

  void enter(phase next);
  [[nodiscard]] std::chrono::milliseconds phase_limit() const;
  [[nodiscard]] time_point phase_due() const;
  [[nodiscard]] bool take_header_line(std::string_view line);
  [[nodiscard]] std::size_t take_piece(std::string_view piece);
  void set_options(const curl_web_client_options& options);
  void listen(const std::shared_ptr<curl_inbox>& inbox);
  [[nodiscard]] error failure(errc code, const std::string& what) const;

  std::uint64_t number_;
  web_call call_;
  due_callback on_due_;
  curl_easy easy_;
  curl_place place_;
  curl_list header_list_;
  curl_reason reason_{};
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;

  phase phase_ = phase::connecting;
  time_point began_;
  time_point phase_since_;  ///< While reading: when the last piece came.
  bool is_paused_ = false;
  http_headers headers_;
  std::size_t head_bytes_ = 0;
  std::size_t head_bytes_max_ = 0;
  std::size_t body_bytes_ = 0;
  std::optional<error> found_;  ///< Why this side ended it, where curl did not.
};

}  // namespace libagent
