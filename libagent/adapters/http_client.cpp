#include "libagent/adapters/http_client.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <array>
#include <curl/curl.h>
#include <optional>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

template <auto Free>
struct free_with {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

using curl_easy = std::unique_ptr<CURL, free_with<curl_easy_cleanup>>;
using curl_multi = std::unique_ptr<CURLM, free_with<curl_multi_cleanup>>;
using curl_list = std::unique_ptr<curl_slist, free_with<curl_slist_free_all>>;
using curl_url_parts = std::unique_ptr<CURLU, free_with<curl_url_cleanup>>;
using curl_text = std::unique_ptr<char, free_with<curl_free>>;

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
  std::string_view line{data, size};
  while (line.ends_with('\n') || line.ends_with('\r'))
    line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // Also the final head after a 100 Continue.
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    transfer.response = {.status = static_cast<int>(status), .headers = {}, .body = {}};
    return size;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return size;
  auto value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  try {
    transfer.response.headers.add(std::string{line.substr(0, colon)}, std::string{value});
  } catch (const contract_violation&) {
    return 0;  // Not a header by the standard; curl reports a broken answer.
  }
  return size;
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

struct url_place {
  std::string host_and_port;
  bool is_this_machine;
};

expected<url_place> place_of(const std::string& url) {
  const curl_url_parts parts{curl_url()};
  const auto failure = curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0);
  if (failure != CURLUE_OK) {
    return error{errc::invalid_argument,
                 "parse URL \"" + url + "\": " + curl_url_strerror(failure)};
  }
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    curl_url_get(parts.get(), which, &text, CURLU_DEFAULT_PORT);
    const curl_text owner{text};
    return std::string{text == nullptr ? "" : text};
  };
  const auto scheme = part(CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return error{errc::invalid_argument,
                 "parse URL \"" + url + "\": it must begin with http:// or https://"};
  }
  const auto host = part(CURLUPART_HOST);
  return url_place{host + ":" + part(CURLUPART_PORT),
                   host == "localhost" || host == "[::1]" || host.starts_with("127.")};
}

curl_list header_list(const http_call& call) {
  curl_list list;
  const auto append = [&list](const std::string& line) {
    auto* const longer = curl_slist_append(list.get(), line.c_str());
    if (longer != nullptr) {
      static_cast<void>(list.release());
      list.reset(longer);
    }
  };
  for (const auto& [name, value] : call.headers)
    append(value.empty() ? name + ";" : std::string{name}.append(": ").append(value));
  append("Expect:");  // Waiting for 100 Continue would cost a second with servers that ignore it.
  return list;
}

errc code_of(CURLcode result) {
  switch (result) {
    case CURLE_OPERATION_TIMEDOUT: return errc::deadline_exceeded;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return errc::unavailable;
    default: return errc::io_failed;
  }
}

}  // namespace

/// The curl handles of one client. The multi handle holds one transfer at a time; it is there
/// because it can be woken up from another thread, which an easy handle alone cannot.
class http_client::session {
public:
  expected<http_response> run(const http_call& call, const piece_callback* on_piece);

private:
  void set_up(const http_call& call, const url_place& place, curl_transfer& transfer,
              curl_slist* headers);
  /// Returns when the transfer ended or `stop` was requested (then empty).
  std::optional<CURLcode> drive(const std::stop_token& stop);
  [[nodiscard]] std::string reason_of(CURLcode result) const;

  curl_easy easy_{curl_easy_init()};
  curl_multi multi_{curl_multi_init()};
  std::array<char, CURL_ERROR_SIZE> reason_{};
};

void http_client::session::set_up(const http_call& call, const url_place& place,
                                  curl_transfer& transfer, curl_slist* headers) {
  CURL* const easy = easy_.get();
  curl_easy_reset(easy);  // Keeps the connections.
  reason_.front() = '\0';
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason_.data());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_URL, call.url.c_str());
  if (place.is_this_machine)
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  if (!call.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call.body.data());
  } else if (call.method == "POST") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
  }
  if (call.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }
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

std::string http_client::session::reason_of(CURLcode result) const {
  // curl says that it could not connect; why not is known to the system only.
  long number = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &number);
  if (result == CURLE_COULDNT_CONNECT && number != 0)
    return std::generic_category().message(static_cast<int>(number));
  return reason_.front() != '\0' ? reason_.data() : curl_easy_strerror(result);
}

expected<http_response> http_client::session::run(const http_call& call,
                                                  const piece_callback* on_piece) {
  const auto place = place_of(call.url);
  if (!place)
    return place.error();
  curl_transfer transfer{.easy = easy_.get(),
                         .on_piece = on_piece,
                         .body_bytes_max = call.body_bytes_max,
                         .response = {}};
  const auto headers = header_list(call);
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
    return error{code_of(*result), what + reason_of(*result)};
  return std::move(transfer.response);
}

http_client::http_client() {
  // A static's initialisation runs once, which curl_global_init wants.
  static const auto global = curl_global_init(CURL_GLOBAL_DEFAULT);
  LIBAGENT_EXPECTS(global == CURLE_OK);
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
