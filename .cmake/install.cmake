# Install rules: the headers, and what find_package(gofer) reads. Nothing installed depends on the machine it was
# installed from, so the version file says ARCH_INDEPENDENT and the package lies under share.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(gofer_package_dir ${CMAKE_INSTALL_DATADIR}/cmake/gofer)

configure_package_config_file(
    ${CMAKE_CURRENT_LIST_DIR}/gofer-config.cmake.in ${PROJECT_BINARY_DIR}/gofer-config.cmake
    INSTALL_DESTINATION ${gofer_package_dir})
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/gofer-config-version.cmake
    COMPATIBILITY SameMinorVersion
    ARCH_INDEPENDENT)

install(DIRECTORY include/gofer DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp" PATTERN "*.py")
install(TARGETS gofer EXPORT gofer-targets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT gofer-targets NAMESPACE gofer:: DESTINATION ${gofer_package_dir})
install(FILES
    ${PROJECT_BINARY_DIR}/gofer-config.cmake
    ${PROJECT_BINARY_DIR}/gofer-config-version.cmake
    ${CMAKE_CURRENT_LIST_DIR}/gofer-dependencies.cmake
    ${CMAKE_CURRENT_LIST_DIR}/gofer-stack-clash.cmake
    ${CMAKE_CURRENT_LIST_DIR}/gofer-backtrace.cmake
    ${CMAKE_CURRENT_LIST_DIR}/gofer-separate.cmake
    ${CMAKE_CURRENT_LIST_DIR}/gofer-separate.cpp
    DESTINATION ${gofer_package_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
