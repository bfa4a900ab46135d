#include "libagent/adapters/http_client.hpp"

#include "libagent/adapters/curl_parts.hpp"
#include "libagent/base/contract.hpp"

#include <optional>
#include <utility>

namespace libagent {

namespace {

using piece_callback = std::function<bool(std::string_view)>;

/// What curl's callbacks fill in during one call.
struct curl_transfer {
  CURL* easy = nullptr;
  const piece_callback* on_piece = nullptr;
  std::size_t body_bytes_max = 0;
  http_response response;
  bool is_too_large = false;
  bool is_stopped = false;
};

bool streams_body(const curl_transfer& transfer) {
  return transfer.on_piece != nullptr && transfer.response.status / 100 == 2;
}

std::size_t take_header_line(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<curl_transfer*>(user);
  const std::string_view line{data, size};
  if (line.starts_with("HTTP/")) {  // Also the final head after a 100 Continue.
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    transfer.response = {.status = static_cast<int>(status), .headers = {}, .body = {}};
  }
  // With 0 curl reports a broken answer.
  return add_curl_header_line(transfer.response.headers, line) ? size : 0;
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<curl_transfer*>(user);
  if (streams_body(transfer)) {
    transfer.is_stopped = !(*transfer.on_piece)({data, size});
    return transfer.is_stopped ? 0 : size;
  }
  auto& body = transfer.response.body;
  transfer.is_too_large = size > transfer.body_bytes_max - body.size();
  if (transfer.is_too_large)
    return 0;
  body.append(data, size);
  return size;
}

}  // namespace

/// The curl handles of one client. The multi handle holds one transfer at a time; it is there
/// because it can be woken up from another thread, which an easy handle alone cannot.
class http_client::session {
public:
  expected<http_response> run(const http_call& call, const piece_callback* on_piece);

private:
  void set_up(const http_call& call, const curl_place& place, curl_transfer& transfer,
              curl_slist* headers);
  /// Returns when the transfer ended or `stop` was requested (then empty).
  std::optional<CURLcode> drive(const std::stop_token& stop);

  curl_easy easy_{curl_easy_init()};
  curl_multi multi_{curl_multi_init()};
  curl_reason reason_{};
};

void http_client::session::set_up(const http_call& call, const curl_place& place,
                                  curl_transfer& transfer, curl_slist* headers) {
  CURL* const easy = easy_.get();
  curl_easy_reset(easy);  // Keeps the connections.
  reason_.front() = '\0';
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason_.data());
  set_curl_request(easy, {.method = call.method,
                          .url = call.url,
                          .body = call.body,
                          .place = place,
                          .headers = headers});
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(call.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &take_header_line);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
}

std::optional<CURLcode> http_client::session::drive(const std::stop_token& stop) {
  const std::stop_callback wake{stop, [this] { curl_multi_wakeup(multi_.get()); }};
  while (!stop.stop_requested()) {
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    int left = 0;
    if (const auto* message = curl_multi_info_read(multi_.get(), &left))
      return message->data.result;
    curl_multi_poll(multi_.get(), nullptr, 0, 1'000, nullptr);
  }
  return std::nullopt;
}

expected<http_response> http_client::session::run(const http_call& call,
                                                  const piece_callback* on_piece) {
  const auto place = curl_place_of(call.url);
  if (!place)
    return place.error();
  curl_transfer transfer{.easy = easy_.get(),
                         .on_piece = on_piece,
                         .body_bytes_max = call.body_bytes_max,
                         .response = {}};
  const auto headers = curl_header_list(call.headers);
  set_up(call, *place, transfer, headers.get());
  curl_multi_add_handle(multi_.get(), easy_.get());
  const auto result = drive(call.stop);
  curl_multi_remove_handle(multi_.get(), easy_.get());

  const auto what = call.method + " " + place->host_and_port + ": ";
  if (!result || transfer.is_stopped)
    return error{errc::cancelled, what + "stopped by the caller"};
  if (transfer.is_too_large) {
    return error{errc::too_large, what + "the answer has more than " +
                                      std::to_string(call.body_bytes_max) + " bytes"};
  }
  if (*result != CURLE_OK)
    return error{curl_code_of(*result), what + curl_reason_of(easy_.get(), *result, reason_)};
  return std::move(transfer.response);
}

http_client::http_client() {
  prepare_curl();
  session_ = std::make_unique<session>();
}

http_client::~http_client() = default;

expected<http_response> http_client::send(const http_call& call) {
  return session_->run(call, nullptr);
}

expected<http_response> http_client::stream(const http_call& call, const piece_callback& on_piece) {
  LIBAGENT_EXPECTS(on_piece != nullptr);
  return session_->run(call, &on_piece);
}

}  // namespace libagent
