/** Keeps the page usable when one part of it fails: `fallback` replaces the part. */
import { Component, type ReactNode } from "react";

export interface ErrorBoundaryProps {
  /** `retry` renders the part again. */
  readonly fallback: (retry: () => void) => ReactNode;
  readonly children: ReactNode;
}

export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly hasFailed: boolean }> {
  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override state = { hasFailed: false };

  private readonly retry = (): void => this.setState({ hasFailed: false });

  override render() {
    const { fallback, children } = this.props;
    return this.state.hasFailed ? fallback(this.retry) : children;
  }
}
