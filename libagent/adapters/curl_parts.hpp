#pragma once

/// What the HTTP clients that stand on libcurl share.

#include "libagent/base/expected.hpp"
#include "libagent/http/http_headers.hpp"

#include <array>
#include <curl/curl.h>
#include <memory>
#include <string>
#include <string_view>

namespace libagent {

template <auto Free>
struct curl_free_with {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

using curl_easy = std::unique_ptr<CURL, curl_free_with<curl_easy_cleanup>>;
using curl_multi = std::unique_ptr<CURLM, curl_free_with<curl_multi_cleanup>>;
using curl_share = std::unique_ptr<CURLSH, curl_free_with<curl_share_cleanup>>;
using curl_list = std::unique_ptr<curl_slist, curl_free_with<curl_slist_free_all>>;

/// Where curl writes why a call failed.
using curl_reason = std::array<char, CURL_ERROR_SIZE>;

/// Sets libcurl up, once in a process. Thread safety: any thread.
void prepare_curl();

/// The place that a URL names.
struct curl_place {
  std::string host_and_port;  ///< For errors: without user, path and query.
  bool is_this_machine = false;
};

/// Errors: errc::invalid_argument, quoting the URL, for one that is not http or https.
[[nodiscard]] expected<curl_place> curl_place_of(const std::string& url);

/// The header fields as curl wants them, without curl's own `Expect`.
[[nodiscard]] curl_list curl_header_list(const http_headers& headers);

/// What both clients send; it is only lent and has to live as long as the call.
struct curl_request {
  const std::string& method;
  const std::string& url;
  const std::string& body;
  const curl_place& place;
  curl_slist* headers;
};

/// Makes `easy` send that request; proxies do not count for this machine's own addresses.
void set_curl_request(CURL* easy, const curl_request& request);

/// Adds one line of an answer's head to `headers`; empty lines and the status line are not fields.
/// False: it is not a header by the standard.
[[nodiscard]] bool add_curl_header_line(http_headers& headers, std::string_view line);

[[nodiscard]] errc curl_code_of(CURLcode result);

/// Why a call failed, for people.
[[nodiscard]] std::string curl_reason_of(CURL* easy, CURLcode result, const curl_reason& reason);

}  // namespace libagent
