#include "libagent/adapters/curl_parts.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <system_error>

namespace libagent {

namespace {

using curl_url_parts = std::unique_ptr<CURLU, curl_free_with<curl_url_cleanup>>;
using curl_text = std::unique_ptr<char, curl_free_with<curl_free>>;

std::string url_part(CURLU* parts, CURLUPart which) {
  char* text = nullptr;
  curl_url_get(parts, which, &text, CURLU_DEFAULT_PORT);
  const curl_text owner{text};
  return text == nullptr ? "" : text;
}

}  // namespace

void prepare_curl() {
  // A static's initialisation runs once, which curl_global_init wants.
  static const auto global = curl_global_init(CURL_GLOBAL_DEFAULT);
  LIBAGENT_EXPECTS(global == CURLE_OK);
}

expected<curl_place> curl_place_of(const std::string& url) {
  const curl_url_parts parts{curl_url()};
  const auto failure = curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0);
  if (failure != CURLUE_OK) {
    return error{errc::invalid_argument,
                 "parse URL \"" + url + "\": " + curl_url_strerror(failure)};
  }
  const auto scheme = url_part(parts.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return error{errc::invalid_argument,
                 "parse URL \"" + url + "\": it must begin with http:// or https://"};
  }
  const auto host = url_part(parts.get(), CURLUPART_HOST);
  return curl_place{host + ":" + url_part(parts.get(), CURLUPART_PORT),
                    host == "localhost" || host == "[::1]" || host.starts_with("127.")};
}

curl_list curl_header_list(const http_headers& headers) {
  curl_list list;
  const auto append = [&list](const std::string& line) {
    auto* const longer = curl_slist_append(list.get(), line.c_str());
    if (longer != nullptr) {
      static_cast<void>(list.release());
      list.reset(longer);
    }
  };
  for (const auto& [name, value] : headers)
    append(value.empty() ? name + ";" : std::string{name}.append(": ").append(value));
  append("Expect:");  // Waiting for 100 Continue would cost a second with servers that ignore it.
  return list;
}

void set_curl_request(CURL* easy, const curl_request& request) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  if (request.place.is_this_machine)
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request.headers);
  if (!request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  } else if (request.method == "POST") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
  }
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

bool add_curl_header_line(http_headers& headers, std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r'))
    line.remove_suffix(1);
  const auto colon = line.find(':');
  if (line.starts_with("HTTP/") || colon == std::string_view::npos || colon == 0)
    return true;
  auto value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  try {
    headers.add(std::string{line.substr(0, colon)}, std::string{value});
  } catch (const contract_violation&) {
    return false;
  }
  return true;
}

errc curl_code_of(CURLcode result) {
  switch (result) {
    case CURLE_OPERATION_TIMEDOUT: return errc::deadline_exceeded;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: return errc::unavailable;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // Said of an answer without a status line.
    case CURLE_BAD_CONTENT_ENCODING: return errc::corrupt;
    default: return errc::io_failed;
  }
}

std::string curl_reason_of(CURL* easy, CURLcode result, const curl_reason& reason) {
  // curl says that it could not connect; why not is known to the system only.
  long number = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  if (result == CURLE_COULDNT_CONNECT && number != 0)
    return std::generic_category().message(static_cast<int>(number));
  return reason.front() != '\0' ? reason.data() : curl_easy_strerror(result);
}

}  // namespace libagent
