// The one source file of gofer::separate.
#include <gofer/separate.hpp>
