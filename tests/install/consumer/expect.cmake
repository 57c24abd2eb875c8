# Whichever way gofer came, a user of it is built with -fstack-clash-protection unless they ask for it not to be.
get_target_property(options gofer::gofer INTERFACE_COMPILE_OPTIONS)
if(GOFER_HAS_STACK_CLASH_PROTECTION AND NOT options MATCHES "-fstack-clash-protection")
    message(FATAL_ERROR "gofer::gofer does not carry -fstack-clash-protection: ${options}")
endif()
