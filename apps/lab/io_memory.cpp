#include "apps/lab/io_memory.hpp"

#include "apps/lab/overhead_process.hpp"

#include <fstream>
#include <malloc.h>
#include <sys/resource.h>

namespace libagent::lab {

std::uint64_t peak_bytes_of(const std::string& process) {
  std::ifstream status{"/proc/" + process + "/status"};
  for (std::string word; status >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes)
      return kilobytes << 10U;
  }
  return 0;
}

std::uint64_t begin_peak_measurement() {
  malloc_trim(0);
  std::ofstream{"/proc/self/clear_refs"} << "5";  // 5: the peak, see proc(5)
  return resident_bytes(0);
}

double used_cpu_ms() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

}  // namespace libagent::lab
