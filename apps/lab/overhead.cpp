#include "apps/lab/overhead.hpp"

#include "apps/lab/overhead_http.hpp"
#include "apps/lab/overhead_process.hpp"
#include "apps/lab/overhead_roundtrip.hpp"

namespace libagent::lab {

int run_overhead(const lab_options& options) {
  report result{"overhead"};
  result.set_config("quick", options.quick);
  result.set_config("seed", options.seed);
  measure_tasks(result, options);
  measure_http(result, options);
  measure_process(result, options);
  return result.finish(options);
}

}  // namespace libagent::lab
