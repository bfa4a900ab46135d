#include "libagent/adapters/web_transfer.hpp"

#include <algorithm>
#include <cctype>
#include <sys/socket.h>
#include <utility>

namespace libagent {

namespace {

// A stream's pieces are small; with thousands of calls the default of 16 KB would be what they
// cost.
constexpr long receive_buffer_bytes = 4'096;

curl_socket_t open_curl_socket(void*, curlsocktype, curl_sockaddr* address) {
  // Children of this process must not keep a connection open that was closed here.
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool is_method(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isupper(c) != 0 || c == '-';
  });
}

std::string in_ms(std::chrono::milliseconds limit) {
  return std::to_string(limit.count()) + " ms";
}

time_point later(time_point since, std::chrono::milliseconds limit) {
  using std::chrono::milliseconds;
  const auto longest = std::chrono::floor<milliseconds>(time_point::max() - since);
  return limit.count() <= 0 || limit > longest ? time_point::max() : since + limit;
}

}  // namespace

web_transfer::web_transfer(std::uint64_t number, web_call call, due_callback on_due)
    : number_{number},
      call_{std::move(call)},
      on_due_{std::move(on_due)},
      began_{std::chrono::steady_clock::now()},
      phase_since_{began_} {}

expected<void> web_transfer::prepare(curl_easy easy, const curl_web_client_options& options,
                                     const std::shared_ptr<curl_inbox>& inbox) {
  easy_ = std::move(easy);
  auto place = curl_place_of(call_.url);
  if (!place)
    return place.error();
  place_ = std::move(*place);
  if (!is_method(call_.method))
    return error{errc::invalid_argument, "send to " + place_.host_and_port + ": no such method"};
  header_list_ = curl_header_list(call_.headers);
  set_options(options);
  listen(inbox);
  return {};
}

void web_transfer::set_options(const curl_web_client_options& options) {
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason_.data());
  set_curl_request(easy, {.method = call_.method,
                          .url = call_.url,
                          .body = call_.body,
                          .place = place_,
                          .headers = header_list_.get()});
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, receive_buffer_bytes);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &open_curl_socket);
  // Ending a call must not wait for a name server; its thread goes on and ends by itself.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  // Ours says so before; this one is only there because curl has one of its own otherwise.
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 86'400'000L);
  if (!options.ca_file.empty())
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  head_bytes_max_ = options.head_bytes_max;
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &on_connected);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header_line);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_piece);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
}

void web_transfer::listen(const std::shared_ptr<curl_inbox>& inbox) {
  if (call_.stop.stop_possible())
    on_stop_.emplace(call_.stop, [inbox, number = number_] { inbox->stop(number); });
  if (call_.flow)
    call_.flow->on_open([inbox, number = number_] { inbox->resume(number); });
}

int web_transfer::on_connected(void* user, char*, char*, int, int) {
  static_cast<web_transfer*>(user)->enter(phase::waiting);
  return CURL_PREREQFUNC_OK;
}

std::size_t web_transfer::on_header_line(char* data, std::size_t, std::size_t size, void* user) {
  return static_cast<web_transfer*>(user)->take_header_line({data, size}) ? size : 0;
}

std::size_t web_transfer::on_piece(char* data, std::size_t, std::size_t size, void* user) {
  return static_cast<web_transfer*>(user)->take_piece({data, size});
}

bool web_transfer::take_header_line(std::string_view line) {
  if (phase_ == phase::reading)
    return true;  // Behind the body; nobody waits for it.
  head_bytes_ += line.size();
  if (head_bytes_ > head_bytes_max_) {
    found_ = failure(errc::too_large, "the answer's head has more than " +
                                          std::to_string(head_bytes_max_) + " bytes");
    return false;
  }
  if (line.starts_with("HTTP/"))  // Also the final head after a 100 Continue.
    headers_ = {};
  if (!add_curl_header_line(headers_, line)) {
    found_ = failure(errc::corrupt, "the answer's head has a line that is no header");
    return false;
  }
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (line.find_first_not_of("\r\n") != std::string_view::npos || status < 200)
    return true;
  enter(phase::reading);
  if (call_.on_head)
    call_.on_head(static_cast<int>(status), headers_);
  return true;
}

std::size_t web_transfer::take_piece(std::string_view piece) {
  if (call_.stop.stop_requested())
    return 0;
  if (piece.size() > call_.body_bytes_max - body_bytes_) {
    found_ = failure(errc::too_large,
                     "the answer has more than " + std::to_string(call_.body_bytes_max) + " bytes");
    return 0;
  }
  if (call_.flow && !call_.flow->is_open()) {
    is_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;  // curl keeps the piece and gives it once more.
  }
  body_bytes_ += piece.size();
  phase_since_ = std::chrono::steady_clock::now();
  call_.on_body(piece);
  return piece.size();
}

bool web_transfer::resume() {
  if (!std::exchange(is_paused_, false))
    return true;
  enter(phase_);
  return curl_easy_pause(easy_.get(), CURLPAUSE_CONT) == CURLE_OK;
}

void web_transfer::enter(phase next) {
  phase_ = next;
  phase_since_ = std::chrono::steady_clock::now();
  on_due_(*this);
}

std::chrono::milliseconds web_transfer::phase_limit() const {
  switch (phase_) {
    case phase::connecting: return call_.connect_timeout;
    case phase::waiting: return call_.first_byte_timeout;
    case phase::reading: break;
  }
  return call_.idle_timeout;
}

time_point web_transfer::phase_due() const {
  return is_paused_ ? time_point::max() : later(phase_since_, phase_limit());
}

time_point web_transfer::due() const {
  return std::min(phase_due(), later(began_, call_.timeout));
}

error web_transfer::timeout_error() const {
  if (later(began_, call_.timeout) <= phase_due())
    return failure(errc::deadline_exceeded, "not done within " + in_ms(call_.timeout));
  switch (phase_) {
    case phase::connecting:
      return failure(errc::deadline_exceeded, "no connection within " + in_ms(phase_limit()));
    case phase::waiting:
      return failure(errc::deadline_exceeded, "no answer within " + in_ms(phase_limit()));
    case phase::reading: break;
  }
  return failure(errc::deadline_exceeded,
                 "the answer stopped: nothing more within " + in_ms(phase_limit()));
}

error web_transfer::cancelled_error() const {
  return failure(errc::cancelled, "stopped by the caller");
}

expected<void> web_transfer::outcome(CURLcode result) const {
  if (call_.stop.stop_requested())
    return cancelled_error();
  if (found_)
    return *found_;
  if (result == CURLE_OK)
    return {};
  const auto code = curl_code_of(result);
  return failure(code == errc::io_failed ? errc::unavailable : code,
                 curl_reason_of(easy_.get(), result, reason_));
}

error web_transfer::failure(errc code, const std::string& what) const {
  return {code, call_.method + " " + place_.host_and_port + ": " + what};
}

curl_easy web_transfer::release_easy() {
  return std::move(easy_);
}

void web_transfer::end(expected<void> result) {
  on_stop_.reset();
  if (call_.flow)
    call_.flow->on_open({});
  call_.on_end(std::move(result));
}

}  // namespace libagent
